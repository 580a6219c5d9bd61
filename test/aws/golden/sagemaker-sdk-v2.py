import os, json
os.environ.update(AWS_ENDPOINT_URL='http://127.0.0.1:5599', AWS_ACCESS_KEY_ID='x', AWS_SECRET_ACCESS_KEY='y', AWS_DEFAULT_REGION='us-east-1')
import boto3
from sagemaker.workflow.pipeline_context import PipelineSession
from sagemaker.workflow.pipeline import Pipeline
from sagemaker.workflow.steps import ProcessingStep, TrainingStep, TuningStep
from sagemaker.workflow.model_step import ModelStep
from sagemaker.workflow.condition_step import ConditionStep
from sagemaker.workflow.conditions import ConditionGreaterThanOrEqualTo
from sagemaker.workflow.functions import JsonGet, Join
from sagemaker.workflow.properties import PropertyFile
from sagemaker.workflow.parameters import ParameterFloat, ParameterInteger
from sagemaker.processing import Processor, ProcessingInput, ProcessingOutput
from sagemaker.estimator import Estimator
from sagemaker.tuner import HyperparameterTuner, ContinuousParameter, IntegerParameter
from sagemaker.inputs import TrainingInput
from sagemaker.model import Model
from sagemaker.model_metrics import ModelMetrics, MetricsSource
R='arn:aws:iam::123456789012:role/churn'; I='123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1'; B='churn-data'
s=PipelineSession(boto_session=boto3.Session(region_name='us-east-1'),default_bucket=B)
acc=ParameterFloat('MinAccuracy',0.84); jobs=ParameterInteger('MaxJobs',8)
prep=ProcessingStep('Prepare',step_args=Processor(role=R,image_uri=I,instance_count=1,instance_type='ml.m5.large',entrypoint=['churnkit','prepare'],sagemaker_session=s).run(inputs=[ProcessingInput(source=f's3://{B}/raw',destination='/opt/ml/processing/input')],outputs=[ProcessingOutput(output_name='train',source='/opt/ml/processing/output/train')]))
u=prep.properties.ProcessingOutputConfig.Outputs['train'].S3Output.S3Uri
est=Estimator(image_uri=I,role=R,instance_count=1,instance_type='ml.m5.xlarge',use_spot_instances=True,max_run=3600,max_wait=7200,checkpoint_s3_uri=f's3://{B}/ck',output_path=f's3://{B}/models',sagemaker_session=s,metric_definitions=[{'Name':'validation:f1','Regex':'f1=([0-9.]+)'}])
tune=TuningStep('Tune',step_args=HyperparameterTuner(est,'validation:f1',{'learningRate':ContinuousParameter(1e-4,1e-1,scaling_type='Logarithmic'),'units1':IntegerParameter(16,128)},metric_definitions=[{'Name':'validation:f1','Regex':'f1=([0-9.]+)'}],objective_type='Maximize',strategy='Bayesian',max_jobs=jobs,max_parallel_jobs=2).fit({'train':TrainingInput(u)}))
rep=PropertyFile(name='Evaluation',output_name='evaluation',path='evaluation.json')
top=tune.get_top_model_s3_uri(top_k=0,s3_bucket=B,prefix='models')
ev=ProcessingStep('Evaluate',step_args=Processor(role=R,image_uri=I,instance_count=1,instance_type='ml.m5.large',entrypoint=['churnkit','evaluate'],sagemaker_session=s).run(inputs=[ProcessingInput(source=top,destination='/opt/ml/processing/model')],outputs=[ProcessingOutput(output_name='evaluation',source='/opt/ml/processing/evaluation')]),property_files=[rep])
m=Model(image_uri=I,model_data=top,role=R,sagemaker_session=s,env={'M':'serve'})
reg=ModelStep('Register',step_args=m.register(content_types=['application/json'],response_types=['application/json'],inference_instances=['ml.m5.large'],transform_instances=['ml.m5.large'],model_package_group_name='churn',approval_status='PendingManualApproval',model_metrics=ModelMetrics(model_statistics=MetricsSource(content_type='application/json',s3_uri=Join(on='/',values=[ev.properties.ProcessingOutputConfig.Outputs['evaluation'].S3Output.S3Uri,'evaluation.json'])))))
cond=ConditionStep('GoodEnough',conditions=[ConditionGreaterThanOrEqualTo(left=JsonGet(step_name='Evaluate',property_file=rep,json_path='binary_classification_metrics.accuracy.value'),right=acc)],if_steps=[reg],else_steps=[])
d=json.loads(Pipeline(name='churn',parameters=[acc,jobs],steps=[prep,tune,ev,cond],sagemaker_session=s).definition())
json.dump(d,open('sagemaker-sdk-v2.json','w'),indent=1)
print(list(d), [(x['Name'],x['Type']) for x in d['Steps']]); print(json.dumps(d['Steps'][1]['Arguments'])[:1500]); print(json.dumps(d['Steps'][2]['Arguments']['ProcessingInputs'])); print(json.dumps(d['Steps'][3])[:1800])
