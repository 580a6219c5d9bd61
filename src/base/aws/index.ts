export { awsAdvice } from "./advice.js";
export { openSagemaker, type Sagemaker } from "./sagemaker.js";
